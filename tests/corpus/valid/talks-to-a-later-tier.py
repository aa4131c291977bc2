# rule: catalogue
# traffic without order may go anywhere
CATALOGUE = added(CATALOGUE, toy(tier=Tier.CORE, talks_to=(Dependency("ml-engine", "http"),)))
