# rule: catalogue
# says: name 'QUERY_PARSER' is not defined; import it, or correct the name
CATALOGUE = added(CATALOGUE, toy(image=QUERY_PARSER))
