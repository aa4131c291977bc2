"""Whether a new version becomes champion: only by metrics on the same data, and never below its own baseline."""

from chatdb_common.messages import Promotion
from ml_engine.domain import Registered
from ml_engine.measures import MEASURE, beats_baseline, has_baseline
from ml_engine.signature import Signature


def judge(challenger: Registered, champion: Registered | None) -> Promotion:
    """Whether the challenger is to be champion, and why."""
    if champion is not None and champion.version == challenger.version:
        return Promotion(champion=True, why="it is the champion already")
    if challenger.task is None or not beats_baseline(challenger.task, challenger.metrics):
        known = challenger.task and has_baseline(challenger.task, challenger.metrics)
        why = "it does not beat its baseline" if known else "it is not known how good its baseline is"
        return Promotion(champion=False, why=why)
    if champion is None:
        return Promotion(champion=True, why="the model had no champion")
    stays = f"version {champion.version} stays champion"
    obstacle = _obstacle(challenger, champion)
    if obstacle:
        by_hand = f"to replace it, let the alias champion name version {challenger.version}"
        return Promotion(champion=False, why=f"{stays}, as the two can't be compared: {obstacle}; {by_hand}")
    measure = MEASURE[challenger.task]
    new, old = challenger.metrics[measure], champion.metrics[measure]
    compared = f"{measure} on the same data is {new:.4f}, and that of version {champion.version} is {old:.4f}"
    if new > old:
        return Promotion(champion=True, why=f"its {compared}")
    return Promotion(champion=False, why=f"{stays}: the new one's {compared}")


def _obstacle(challenger: Registered, champion: Registered) -> str | None:
    """Why the metrics of both say nothing of which one is better; None where they do."""
    if challenger.task != champion.task or MEASURE[challenger.task or "regression"] not in champion.metrics:
        return f"version {champion.version} is of another task, or has other metrics"
    new, old = _signature(challenger), _signature(champion)
    if new is None or old is None or new.source is None or old.source is None:
        return f"it is not known what version {champion.version} was trained on"
    if new.source.sha256 != old.source.sha256:
        return f"version {champion.version} was trained on other data"
    if new.target != old.target:
        return f"version {champion.version} predicts another column"
    return None


def _signature(version: Registered) -> Signature | None:
    """None where it is none of ours, as anybody can register a version."""
    try:
        return Signature.from_json(version.signature)
    except ValueError:
        return None
