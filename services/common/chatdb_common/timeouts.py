"""How long a request may wait for what a service needs, so that each is answered within three seconds."""

ANSWER_SECONDS = 3.0
"""Every endpoint answers within this, whatever does not answer behind it; transfers of artifacts under way do not."""
WAIT_SECONDS = 2.0
"""For one answer of a dependency. One that does not come fails the request, so that it is waited for once."""
CONNECT_SECONDS = 1.0
"""For a new connection, of the time above."""
