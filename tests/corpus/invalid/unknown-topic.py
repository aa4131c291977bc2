# rule: catalogue
# says: toy: topic querys is not known; add it to catalogue/topics.py
# says: toy: topic results is not known
CATALOGUE = added(CATALOGUE, toy(produces=env(RESULT_TOPIC="results"), consumes=env(QUERY_TOPIC="querys")))
