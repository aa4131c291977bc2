# rule: catalogue
# says: externals.py: there is no external node dns; the policies name it: put it back
# file: catalogue/externals.py
EXTERNALS = (INGRESS_CONTROLLER, KUBERNETES_API)
