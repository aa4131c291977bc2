# rule: catalogue
# after two services of an earlier tier
CATALOGUE = added(CATALOGUE, toy(tier=Tier.EDGE, needs=(Edge("ml-engine", "http"), Edge("query-parser", "http"))))
