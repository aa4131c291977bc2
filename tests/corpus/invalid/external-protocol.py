# rule: catalogue
# says: externals.py: radio: 'ICMP' is no protocol; use TCP, UDP, SCTP
# file: catalogue/externals.py
EXTERNALS = (*EXTERNALS, External(name="radio", ports=(Port(name="am", number=90),), protocols=("ICMP",)))
