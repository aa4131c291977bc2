# rule: catalogue
# says: components.py: row 'None yet' of the dashboard 'mine' has no panels; add one, or remove the row
from constructs_lib.dashboards.panels import Dashboard, Row  # noqa: E402

CATALOGUE = replace(CATALOGUE, dashboards=(Dashboard(name="mine", title="mine", rows=(Row("None yet", ()),)),))
