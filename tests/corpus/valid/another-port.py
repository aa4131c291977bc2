# rule: catalogue
# everything follows the port
CATALOGUE = changed(CATALOGUE, "query-parser", ports=(http("query-parser", 80),))
