"""The smallest cdk8s app: one chart without objects."""

from cdk8s import App, Chart

app = App()
Chart(app, "empty")
app.synth()
