# rule: catalogue
# says: components.py: a tier cannot be called released: a file of the Applications has that name; choose another name
# says: components.py: a tier cannot be called traits: the folder of optional traits in dist/ has that name
# says: components.py: the tier 'on' is not text to YAML
# says: components.py: the namespace 'null' is not text to YAML
# says: components.py: 'aaaaaaaa
CATALOGUE = replace(
    CATALOGUE,
    waves=(*CATALOGUE.waves, ("released", "traits", "on")),
    namespaces=(*CATALOGUE.namespaces, "null"),
    host=".".join(["a" * 60] * 5),
)
