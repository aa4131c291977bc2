# rule: catalogue
# says: toy: CACHE_URL has a password in its address; write {password}
CATALOGUE = added(CATALOGUE, toy(settings=env(CACHE_URL="redis://toy:hunter2@cache:6379/0")))
