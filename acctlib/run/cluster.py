"""Reports made by the workers of a Dask cluster.

Each report is one task of the scheduler whose address was given. The worker calls what this machine would call for it, and
hands back page and figures; they are published here, so that outputs have one writer, and a report whose worker dies is made by
another. What was made elsewhere is believed only where it was made of the same: before anything is submitted each worker must
have this package, these libraries and these files, and every report says of what it was made, which is held against the files
that lie here.

Databases are asked here. Their answers go with the orders; addresses and passwords stay.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import itertools
import json
import logging
import os
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from acctlib.profile import queries_in
from acctlib.run.batch import Maker
from acctlib.run.cluster_worker import Made, clear, look, make
from acctlib.run.mirror import INSTALL, Mirror, first_line
from acctlib.run.orders import WrongUse
from acctlib.run.preloaded import Ended
from acctlib.run.report import MEMORY, SECONDS, AccountRefused, ReportDied, ReportFailed, publish
from acctlib.run.results import Edition, fingerprints, past_files, programs

__all__ = ["ClusterMaker"]

#: Seconds within which the scheduler and a first worker must answer, and for which a run bears with a cluster without workers.
CONNECT, WITHOUT_WORKERS = 10, 60
#: Seconds that a page may take from its worker to here.
PATIENCE = 60
_CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)


class ClusterMaker(Maker):
    """Makes reports at the workers of a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, such as tcp://10.0.0.5:8786.
    workers : int
        Reports submitted at one time; 0 = as many as the cluster can make, and some that wait for a worker.
    engine, seconds, memory
        As for `Maker`; the limits hold at each worker.
    data : str
        Address of the folder of data in a store, to which each worker goes by itself; empty = a folder that all share.

    Raises
    ------
    WrongUse
        If Dask is not installed, or no scheduler with a worker is there.
    """

    def __init__(
        self, address: str, workers: int = 0, engine: str = "", seconds: float = SECONDS, memory: int = MEMORY, data: str = ""
    ) -> None:
        super().__init__(workers, engine, seconds, memory)
        try:
            import distributed
        except ImportError:
            raise WrongUse(f"--cluster needs Dask, which is missing; {INSTALL}") from None
        self._address, self._data, self._run = address, data, os.urandom(8).hex()
        self._numbers = itertools.count()
        self._waiting: dict[Any, threading.Event] = {}
        self._unfit: set[str] = set()
        self._lost = ""
        self._over = threading.Event()
        for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said as a sentence
        warnings.filterwarnings("ignore", module="distributed")
        try:
            self._client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
            raise WrongUse(
                f"--cluster must be the address of a Dask scheduler that answers, got {address!r} ({first_line(error)}); "
                "start one with: dask scheduler"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except (TimeoutError, OSError):
            self._client.close(timeout=2)
            raise WrongUse(
                f"the scheduler at {address} must have a worker, got none; start one with: dask worker {address}"
            ) from None
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def slots(self) -> int:
        """Return how many reports to submit at one time."""
        if self._slots:
            return self._slots
        threads = sum(self._client.nthreads(callback_timeout=CONNECT).values())
        return threads + threads // 8 + 1

    def check(self, order: Edition) -> None:
        """Refuse a cluster of which a worker has other programs, or sees other files.

        Raises
        ------
        WrongUse
            Which names the worker and what differs.
        """
        here = str(order.data.resolve())
        ours = look("", here, order.account) if self._data else look(str(order.notebook), here, order.account)
        asked = ("", self._data, order.account) if self._data else (str(order.notebook), here, order.account)
        try:
            looks = self._client.run(look, *asked, on_error="return", callback_timeout=PATIENCE)
        except (TimeoutError, OSError):
            raise WrongUse(
                f"each worker of {self._address} must answer within {PATIENCE} seconds, and one did not; the scheduler's page "
                "shows which one hangs: end it"
            ) from None
        for worker, theirs in sorted(looks.items()):
            if isinstance(theirs, Exception):
                raise WrongUse(
                    f"the worker {worker} must have acctlib as this command has it, got {first_line(theirs)}; {_SAME}"
                )
            if differs := _differs(ours["programs"], theirs["programs"]):
                raise WrongUse(f"the worker {worker} must have what this command has, got {differs}; {_SAME}")
            if ours["files"] != theirs["files"]:
                raise WrongUse(
                    f"the worker {worker} does not see {self._data or f'{order.root} and {here}'} as it is here; {_SHARE}"
                )

    def attempt(self, order: Edition, others: Mapping[str, Sequence[str]], alone: bool) -> None:
        """Have a worker try once to make a report, and publish it; one that has other programs costs no try."""
        packed = self._packed(order, others, alone)
        kind, said, files = self._done(packed)
        while kind == "worker":
            self._unfit.add(said)
            if not self._fit():
                raise ReportDied(f"the worker {said} came later and has not what this command has; {_SAME}")
            kind, said, files = self._done(packed)
        if kind == "full":  # it would fail at once, and so be given one report after the other
            address, said = said.split("\n", 1)
            self._unfit.add(address)
            raise ReportDied(said)
        if kind == "ended":
            raise Ended
        if said:
            raise {"account": AccountRefused, "again": ReportDied}.get(kind, ReportFailed)(said)
        figures = files[".json"].decode()
        made_from, as_of = (json.loads(figures)[name] for name in ("made_from", "as_of"))
        now = fingerprints(order, as_of)
        if changed := [part for part in now if now[part] != made_from.get(part)]:
            if self._data:  # saved in the store since: the next try is held against what lies there now
                Mirror(self._data).bring(order.account, "firm")
            raise ReportDied(
                f"it was made from other files than lie here ({', '.join(changed)}); "
                "if nothing was saved meanwhile, its worker does not see the workbook as it is"
            )
        try:
            publish(order, files[".html"].decode(), figures)
        except OSError as error:
            raise ReportFailed(f"the report could not be written: {error.strerror or error}") from None

    def _packed(self, order: Edition, others: Mapping[str, Sequence[str]], alone: bool) -> dict[str, Any]:
        from acctlib.tables.sql import kept_answers

        return {
            "run": self._run,
            "programs": programs(),
            "root": str(order.root),
            "notebook": str(order.notebook),
            "parameters": dict(order.parameters),
            "data": self._data,
            "text": order.notebook.read_bytes() if self._data else b"",
            "outputs": {name: path.read_bytes() for name, path in past_files(order).items()},
            "answers": kept_answers(queries_in(order.data, order.account)),
            "others": {account: list(names) for account, names in others.items()},
            "engine": self._engine,
            "seconds": self._seconds,
            "memory": self._memory,
            "alone": alone,
        }

    def _done(self, packed: Mapping[str, Any]) -> Made:
        """Return what a worker made of an order; Dask gives it to another where that one died."""
        from distributed import KilledWorker

        over, future = threading.Event(), None
        try:
            # a wish only: those that are fit may be gone before it begins, and others in their place
            fit = {"workers": fit, "allow_other_workers": True} if self._unfit and (fit := self._fit()) else {}
            with self._lock:
                self._give_up_where_over()
                key = f"report-{self._run}-{next(self._numbers)}"
                future = self._client.submit(make, packed, key=key, pure=False, **fit)
                self._waiting[future] = over
            future.add_done_callback(lambda _: over.set())
            over.wait()
            self._give_up_where_over()
            if future.status == "error":
                failed = future.exception(timeout=PATIENCE)
                if isinstance(failed, KilledWorker):
                    raise failed
                raise ReportFailed(f"its worker failed: {type(failed).__name__}: {first_line(failed)}") from None
            return future.result(timeout=PATIENCE)
        except ReportFailed:
            raise
        except KilledWorker as killed:
            what = f"{killed.allowed_failures + 1} workers died while they made it; they may have run out of memory"
            raise ReportDied(what) from None
        except TimeoutError:  # its worker died when it had made it, and another begins anew; a scheduler that is gone shows
            raise ReportDied("its page did not come in time from the worker that made it") from None
        except (*_CANCELLED, OSError, RuntimeError):
            self._lose(f"the scheduler at {self._address} is gone; start it again, and run again to go on")
            raise ReportFailed(self._lost) from None
        finally:
            with self._lock:
                self._waiting.pop(future, None)
            if future is not None:
                future.release()

    def _give_up_where_over(self) -> None:
        if self._lost or self._stopped:
            raise ReportFailed(self._lost or "the run was stopped")

    def _fit(self) -> list[str]:
        """Return the workers of which nothing is known that speaks against them."""
        return [worker for worker in self._client.nthreads(callback_timeout=CONNECT) if worker not in self._unfit]

    def _watch(self) -> None:
        """Give up where the scheduler is gone or hangs, or no worker is left: reports would wait for ever."""
        seen = time.monotonic()
        while not self._over.wait(2):
            workers: Mapping[str, int] = {}
            gone = f"the scheduler at {self._address} does not answer; start it again, and run again to go on"
            with contextlib.suppress(Exception):  # whatever it is, it does not answer
                workers = self._client.nthreads(callback_timeout=CONNECT)
                gone = f"the cluster at {self._address} has no worker any more; start some, and run again to go on"
            if workers:
                seen = time.monotonic()
            elif self._client.status == "closed" or time.monotonic() - seen > WITHOUT_WORKERS:
                self._lose(gone)
                return

    def _lose(self, said: str) -> None:
        with self._lock:
            self._lost = self._lost or said
            waiting = list(self._waiting.values())
        for over in waiting:
            over.set()

    def stop(self) -> None:
        """Begin nothing more, and end what workers have in the making."""
        super().stop()
        with self._lock:
            waiting = dict(self._waiting)
        self._quietly(lambda: self._client.cancel(list(waiting)))
        for over in waiting.values():
            over.set()

    def close(self) -> None:
        """Clear what all workers keep of this run, and leave the cluster."""
        if self._over.is_set():
            return
        self._over.set()
        if not self._lost:
            self._quietly(lambda: self._client.run(clear, self._run, on_error="ignore", callback_timeout=CONNECT))
        self._quietly(lambda: self._client.close(timeout=2))

    @staticmethod
    def _quietly(step: Any) -> None:
        with contextlib.suppress(Exception):  # a cluster that is gone needs no clearing
            step()


_SHARE = "share the workbook's folder at the same path, or give an address that all reach, such as --data s3://bucket/data"
_SAME = "install the same on all machines, with constraints.txt, and start their workers again"


def _differs(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    different = [name for name in ours if ours[name] != theirs.get(name)]
    return ", ".join(
        "another acctlib" if name == "acctlib" else f"{name} {theirs.get(name)} instead of {ours[name]}" for name in different
    )
