# rule: catalogue
# entries stand in any order
CATALOGUE = replace(CATALOGUE, components=CATALOGUE.components[::-1], topics=TOPICS[::-1], externals=EXTERNALS[::-1])
