# rule: catalogue
# says: toy: uid 0 is root's or none; choose one from 1 to 2147483647
CATALOGUE = added(CATALOGUE, toy(uid=0))
