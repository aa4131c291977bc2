# rule: catalogue
# says: CATALOGUE: dashboards[0].rows[0].panels[0]['legend'] is b'x'; write what JSON has
from constructs_lib.dashboards.panels import Dashboard, Row  # noqa: E402

PANEL = {**CATALOGUE.dashboards[0].rows[0].panels[0], "legend": b"x"}
CATALOGUE = replace(CATALOGUE, dashboards=(Dashboard(name="mine", title="mine", rows=(Row("All", (PANEL,)),)),))
