"""Takes one guard away from the service that starts with this folder in PYTHONPATH: the one CHATDB_MUTATION names.

Python imports this before the service's own modules, so what is changed here is what they find. Where no failpoint of
the services is at the place in which the guard is missed, the mutation has one: "mutation".
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any


def offset_first() -> None:
    """The offset is committed before the message has its effect."""
    from chatdb_common.consumer import ConsumerWorker

    outcome = ConsumerWorker._outcome

    def early(self: Any, client: Any, message: Any) -> str | None:
        client.commit(message=message, asynchronous=False)
        return outcome(self, client, message)

    ConsumerWorker._outcome = early


def counts_twice() -> None:
    """Neither the inbox nor a job that has ended minds an event that comes again."""
    from chatdb_common import inbox
    from chatdb_common.consumer import ConsumerWorker
    from chatdb_common.failpoints import failpoint
    from training_orchestrator import domain

    first_time, observe, commit = inbox.first_time, domain.observe, ConsumerWorker._commit

    def always(*noted: Any) -> bool:
        first_time(*noted)
        return True

    def again(job: Any, event: Any, now: Any) -> Any:
        ended = job.status in domain.TERMINAL
        return observe(replace(job, status=domain.Status.RUNNING) if ended else job, event, now)

    def after_an_end(self: Any, client: Any, message: Any) -> None:
        if b'"succeeded"' in message.value():
            failpoint("mutation")
        commit(self, client, message)

    inbox.first_time, domain.observe, ConsumerWorker._commit = always, again, after_an_end


def sent_before_commit() -> None:
    """Messages go to Kafka at once, whatever becomes of the transaction."""
    from chatdb_common import outbox

    outbox.add = lambda _connection, record: _publish(record)


def sent_after_commit() -> None:
    """Messages go to Kafka after the commit, and nobody remembers them."""
    from chatdb_common import outbox

    waiting: list[Any] = []
    outbox.add = lambda _connection, record: waiting.append(record)

    def wake(_self: Any) -> None:
        while waiting:
            _publish(waiting.pop(0))

    outbox.OutboxRelay.wake = wake


def _publish(record: Any) -> None:
    from chatdb_common.publisher import Publisher

    publisher = Publisher(os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    publisher.publish([record])
    publisher.close()


def key_not_kept() -> None:
    """Nobody remembers an Idempotency-Key."""
    from chatdb_common import idempotency

    idempotency._remember = lambda *_given: None


def key_apart() -> None:
    """An Idempotency-Key is remembered in a transaction of its own."""
    import psycopg

    from chatdb_common import idempotency

    remember = idempotency._remember

    def apart(_connection: Any, *given: Any) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"]) as own:
            remember(own, *given)

    idempotency._remember = apart


def answer_first() -> None:
    """A new job is answered, and would be committed later."""
    from training_orchestrator import adapters

    begin, waiting = adapters.begin, contextlib.ExitStack()

    @contextlib.contextmanager
    def early(pool: Any, settings: Any) -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            work = stack.enter_context(begin(pool, settings))
            yield work
            if any(before is None for before, _ in work.changes):
                waiting.push(stack.pop_all())

    adapters.begin = early


def two_versions() -> None:
    """A job gets another version each time that it asks."""
    from model_registry.adapters import PostgresWork

    find = PostgresWork._versions

    def forgetful(self: Any, rest: str, parameters: Any) -> Any:
        return [] if "job_id" in rest else find(self, rest, parameters)

    PostgresWork._versions = forgetful


def alias_in_two_steps() -> None:
    """An alias is taken away, and then made again."""
    from chatdb_common.failpoints import failpoint
    from model_registry.adapters import PostgresWork

    def set_alias(self: Any, name: str, alias: str, version: int, revision: int | None) -> Any:
        if revision is not None:
            self.delete_alias(name, alias, revision)
            self.connection.commit()
            failpoint("mutation")
        return self._add_alias(name, alias, version)

    PostgresWork.set_alias = set_alias


def ready_first() -> None:
    """A version is READY before its artifact is stored."""
    from model_registry.uploads import Upload

    async def finish(_self: Any) -> None:
        pass

    Upload.finish = finish


MUTATIONS: dict[str, Callable[[], None]] = {
    one.__name__: one
    for one in (
        offset_first,
        counts_twice,
        sent_before_commit,
        sent_after_commit,
        key_not_kept,
        key_apart,
        answer_first,
        two_versions,
        alias_in_two_steps,
        ready_first,
    )
}
if "CHATDB_MUTATION" in os.environ:
    MUTATIONS[os.environ["CHATDB_MUTATION"]]()
