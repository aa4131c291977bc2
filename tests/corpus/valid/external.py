# rule: catalogue
# something outside the cluster, of unknown address
# file: catalogue/externals.py
EXTERNALS = (*EXTERNALS, External(name="mail", ports=(Port(name="smtp", number=25),)))
