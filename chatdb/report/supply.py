"""The section on images: names, digests, and how old their content is."""

from datetime import date

from chatdb.images.listing import ListedImage
from chatdb.report.data import Report
from chatdb.report.markup import Html, count, joined, tag
from chatdb.report.parts import NONE, Column, Section, link, paragraph, table

SHOWN_OF_DIGEST = 19
"""`sha256:` and twelve digits."""


def section(report: Report) -> Section:
    """One row for each component that has an image."""
    today = report.made.date()
    known = frozenset(one.name for one in report.explanations)
    rows = (
        (
            link(image.component) if image.component in known else image.component,
            tag("code", image.image.partition("@")[0]),
            _digest(image),
            image.made or tag("span", "unknown", class_="faint"),
            _age(image, today),
            image.known_from or NONE,
            tag("code", image.source) if image.source else "others",
        )
        for image in report.images
    )
    age = Column(title="age", number=True)
    columns = ("component", "image", "digest", "made", age, "known from", "built from")
    lead = paragraph(
        "The age is that of the content, where it is known: from a date in the tag, or from the commit in git that last"
        " changed the source, or the tag in images.yaml."
    )
    return Section(id="images", title="Images", body=joined((lead, table("Images", columns, rows, class_="tight"))))


def _digest(image: ListedImage) -> Html:
    if image.digest is None:
        return tag("span", "tag only", class_="faint")
    return tag("code", f"{image.digest[:SHOWN_OF_DIGEST]}…", title=image.digest)


def _age(image: ListedImage, today: date) -> Html | str:
    if image.made is None:
        return tag("span", "unknown", class_="faint")
    return count((today - date.fromisoformat(image.made)).days, "day")
