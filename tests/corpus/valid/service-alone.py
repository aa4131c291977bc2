# rule: catalogue
# no edge at all
CATALOGUE = added(CATALOGUE, toy(needs=()))
