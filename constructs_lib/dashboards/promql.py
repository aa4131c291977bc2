"""The queries that dashboards repeat; all ask the series of pods."""

PODS = 'job="kubernetes-pods"'
"""Counters are those of a pod; a job of Services reaches another one each time."""


def of(metric: str, *matchers: str) -> str:
    """The metric of every pod, where the matchers fit."""
    return f"{metric}{{{','.join((PODS, *matchers))}}}"


def rate(metric: str, *matchers: str, by: str) -> str:
    """How often in a second, by these labels."""
    return f"sum by ({by}) (rate({of(metric, *matchers)}[5m]))"


def increase(metric: str, *matchers: str, by: str, within: str = "5m") -> str:
    """How often within a time, by these labels; whole numbers, where Prometheus reckons on to the ends of the time."""
    return f"round(sum by ({by}) (increase({of(metric, *matchers)}[{within}])))"


def quantile(percent: int, histogram: str, *matchers: str, by: str = "") -> str:
    """What so many percent of the observations stayed below, by these labels."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({percent / 100}, {rate(f'{histogram}_bucket', *matchers, by=labels)})"


def most(metric: str, *matchers: str, by: str) -> str:
    """What the pod says that says most: of what all replicas know alike."""
    return f"max by ({by}) ({of(metric, *matchers)})"


def age(timestamp: str, *, by: str) -> str:
    """Seconds since a time that is 0 where there is none."""
    newest = most(timestamp, by=by)
    return f"time() - ({newest} > 0) or 0 * {newest}"
