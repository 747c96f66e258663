"""The host's side of training: epochs cut into calls of the compiled loop, one call in flight.

`train` takes values and returns a new `Result`. Numerical failure is data in the result; nothing
here depends on estimators or files.
"""

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from skae.core.compile.programs import compiled
from skae.core.compile.settings import concrete_settings
from skae.core.data.buffers import Buffers
from skae.core.data.resident import Resident, may_stay
from skae.core.data.samples import n_batches, steps_per_block
from skae.core.training.evaluation import evaluation_of
from skae.core.training.host_arrays import check_same_shapes, to_host
from skae.core.training.initial import Initial
from skae.core.training.interrupt import Interrupt
from skae.core.training.job import Job, TrainingData
from skae.core.training.loop import Blocks, advance
from skae.core.training.plan import Call, Plan, calls, stage_of
from skae.core.training.records import NO_CHECKPOINT, Progress, Result, Snapshot, history_of

__all__ = ["train"]

# Calls are cut to about this length, so that an interrupt, a time limit or a callback takes effect
# within about a second.
_SECONDS_PER_CALL = 0.25


@concrete_settings()
def train(
    job: Job,
    data: TrainingData,
    params: dict,
    plan: Plan,
    *,
    seed: np.random.SeedSequence,
    optimizer_state: list[np.ndarray] | None = None,
    step: int = 0,
) -> Result:
    """Train and return the weights with the lowest loss, the initial ones included.

    That is the validation loss, or without a validation set, the loss of training samples.

    Parameters
    ----------
    job : Job
    data : TrainingData
    params : nested dict of arrays
        Initial weights; never changed.
    plan : Plan
        Number of epochs, batch size, learning rates, early stopping.
    seed : numpy.random.SeedSequence
        For shuffling and for the noise of the objective.
    optimizer_state, step : list of arrays, int
        Of an earlier result, to continue training.

    Returns
    -------
    result : Result
    """
    stored = job.checkpoint.begin()
    if isinstance(stored, Result):
        check_same_shapes(params, stored.params)
        return stored
    run = _Run(job, data, plan, seed, Initial(params, optimizer_state, step), stored)
    with Interrupt() as run.interrupt:
        try:
            run.epochs()
        except KeyboardInterrupt:
            if run.is_lost():
                raise
            run.interrupt.is_set = True
    result = run.result()
    job.checkpoint.end(result)
    return result


class _Run:
    """One training run: the state on the device, the host's clock and the records.

    Parameters
    ----------
    job, data, plan, seed
        As for `train`.
    start : Initial
    snapshot : Snapshot, optional
        Where an earlier, identical run was interrupted.
    """

    def __init__(
        self, job: Job, data: TrainingData, plan: Plan, seed, start: Initial, snapshot=None
    ):
        self.job, self.data, self.plan = job, data, plan
        self.device = job.resolved_device
        self.hyperparameters = {k: np.float32(v) for k, v in job.hyperparameters.items()}
        shuffle_seed, noise_seed, evaluation_seed = seed.spawn(3)
        self.rng = np.random.default_rng(shuffle_seed)
        self.steps_per_epoch = n_batches(len(data.index), plan.batch_size)
        self.buffers = self._buffers()
        self.steps_per_call = 1  # the first call measures the time of a step
        self.stopped = self.late = False
        self.interrupt = Interrupt()
        self.program: Callable | None = None
        self.steps_sent = 0
        self.records: list[tuple[float, float, dict]] = []
        self.seconds = {"compile": 0.0, "train": 0.0}
        self.start = self.collected = time.perf_counter()
        self.initial = start
        empty = Blocks._make((*self.buffers.filled([], data.weight), data.samples.device_units))
        key_data = noise_seed.generate_state(2, np.uint32)
        state = start.state(job.recipe, empty, self.hyperparameters, key_data)
        if snapshot is not None:
            check_same_shapes(jax.tree.leaves(state), snapshot.state)
            state = jax.tree.unflatten(jax.tree.structure(state), snapshot.state)
            self.records, self.steps_sent = list(snapshot.records), snapshot.steps
            self.stopped = snapshot.stopped
            self.start -= snapshot.seconds
        self.state: Any = state  # on the host until the first call
        self.evaluation = evaluation_of(data, plan, evaluation_seed)
        self.evaluated = jax.device_put(self.evaluation.blocks, self.device)
        self.units = jax.device_put(data.samples.device_units, self.device)

    def _buffers(self) -> Buffers:
        samples, batch_size = self.data.samples, self.plan.batch_size
        if may_stay(samples, len(self.data.index), self.device):
            return Resident(samples, self.data.index, batch_size, self.device)
        return Buffers(samples, batch_size, steps_per_block(batch_size, samples.n_features))

    def epochs(self):
        """Run the plan; while a call is in flight, the next block is read."""
        checkpoint = self.job.checkpoint
        if not self.records and not self._must_stop():
            self._collect(self._send(Call.without_steps()))
        waiting = None
        for call in self._calls():
            if self._must_stop():
                break
            sent = self._send(call)
            if waiting is not None:
                self._collect(waiting)
            waiting = sent
            if self._must_collect(call):
                self._collect(waiting)
                waiting = None
                if checkpoint.is_due():
                    checkpoint.keep(self.snapshot())
        if waiting is not None:
            self._collect(waiting)
        if self.interrupt.is_set and checkpoint is not NO_CHECKPOINT:
            checkpoint.keep(self.snapshot())

    def _must_stop(self):
        now = time.perf_counter()
        seconds = now - self.start - self.seconds["compile"]
        is_late = now >= self.plan.deadline or seconds > self.plan.max_time
        self.late |= is_late and not self.stopped
        losses = [evaluated for _, evaluated, _ in self.records]
        self.stopped |= self.plan.fails_trial(losses)
        return self.stopped or self.interrupt.is_set or is_late

    def _must_collect(self, call):
        """Whether to wait for this call before the next one is sent.

        A listener may wait, the first call sets the pace, and a trial may end. Where steps are so
        slow that a call has only one, a second call in flight would delay an interrupt.
        """
        is_awaited = self.job.listener.is_awaited and call.ends_epoch[-1]
        ends_trial = self.steps_sent == len(self.plan.trial) * self.steps_per_epoch
        is_due = self.job.checkpoint.is_due()
        return is_awaited or ends_trial or is_due or self.steps_per_call == 1

    def _calls(self):
        pace, is_awaited = lambda: self.steps_per_call, self.job.listener.is_awaited
        interval, skip = self.evaluation.interval, self.steps_sent
        return calls(self.plan, self.data.index, self.rng, pace, is_awaited, interval, skip)

    def _send(self, call):
        """Start a call; returns what `_collect` waits for."""
        block, stage = self._block(call), self._stage(call)
        if self.program is None:
            self.state = jax.device_put(self.state, self.device)
        args = (self.state, block, self.evaluated, stage, self.hyperparameters)
        if self.program is None:
            # The state is donated: weights, moments and best weights need memory once, not twice.
            self.program, self.seconds["compile"] = compiled(
                advance,
                self.job.recipe,
                args,
                donated=(0,),
                on_compile=self.job.listener.compiling,
            )
        begin = time.perf_counter()
        self.state, history = self.program(*args)
        return call, history, begin

    def is_lost(self):
        """Whether an exception came between a call, which consumes the state, and its result."""
        leaves = jax.tree.leaves(self.state) if self.program else ()
        return any(leaf.is_deleted() for leaf in leaves)

    def _block(self, call):
        block = self.buffers.filled(call.batches, self.data.weight)
        return Blocks._make((*jax.device_put(block, self.device), self.units))

    def _stage(self, call):
        steps = self.steps_sent + np.arange(self.buffers.capacity)
        self.steps_sent += len(call.batches)
        n_samples = len(self.data.index)
        return stage_of(
            self.plan,
            call,
            steps,
            n_samples,
            n_evaluated=self.evaluation.n_batches,
            on_training_samples=self.evaluation.on_training_samples,
        )

    def _collect(self, sent):
        """Wait for a call, read its history, and report the epochs that ended in it."""
        call, history, begin = sent
        history = jax.device_get(history)
        now, before = time.perf_counter(), max(begin, self.collected)
        self.collected = now
        self._set_pace(len(call.batches), now - begin)
        self.stopped |= int(history.n) < len(call.ends)
        for j in np.flatnonzero(call.ends_epoch[: int(history.n)]):
            values = {name: float(m[j]) for name, m in history.metrics.items()}
            self.records.append((float(history.loss[j]), float(history.evaluated_loss[j]), values))
            if call.batches:
                share = call.ends[j] / len(call.batches)
                self._report(before + share * (now - before))

    def _set_pace(self, steps, seconds):
        self.seconds["train"] += seconds
        if steps:
            fitting = steps * _SECONDS_PER_CALL / seconds
            longest = min(self.buffers.capacity, 8 * steps)
            self.steps_per_call = int(np.clip(fitting, 1, longest))

    def _report(self, moment):
        """Call the listener for the latest epoch, which ended at `moment`."""
        listener = self.job.listener
        if listener.is_awaited:  # otherwise a later call may be in flight, and reading would wait
            self.stopped |= bool(self.state.stopped)
        loss, validation_loss, values = self.records[-1]
        validation = {} if self.data.validation is None else {"validation_loss": validation_loss}
        progress = Progress(
            epoch=len(self.records) - 1,
            losses={"loss": loss, **validation, **values},
            seconds=moment - self.start - self.seconds["compile"],
            is_last=self.stopped,
            fetch=self.interim,
        )
        self.stopped |= bool(listener(progress)) and listener.is_awaited

    def snapshot(self) -> Snapshot:
        """The state between two calls; nothing may be in flight."""
        return Snapshot(
            state=[np.array(leaf) for leaf in jax.tree.leaves(jax.device_get(self.state))],
            records=list(self.records),
            steps=self.steps_sent,
            stopped=self.stopped,
            seconds=time.perf_counter() - self.start,
        )

    def result(self) -> Result:
        """Everything that was learned, on the host; nothing is left on the device."""
        losses = self._compared() if len(self.records) > 1 and self.data.validation is None else {}
        state, self.state = self.state, None
        best, step = state.best_params, int(state.best_step)
        if step == self.initial.step and self.plan.tolerates(**losses):
            best, step = state.params, int(state.step)
        return self._result(state, best, step, to_host, losses)

    def interim(self) -> Result:
        """The current weights and what was learned so far, while training continues."""
        return self._result(self.state, self.state.params, int(self.state.step), np.array, {})

    def _result(self, state, params, step, copied, losses) -> Result:
        history = history_of(self.records, self.data.validation is not None)
        n_epochs, first = len(history["loss"]), self.initial.step
        history["learning_rate"] = self.plan.rates_of_epochs(n_epochs, len(self.data.index))
        params = jax.tree.map(copied, params)
        moments = [copied(leaf) for leaf in jax.tree.leaves(state.optimizer_state)]
        diverged = bool(state.diverged) or losses.get("final_loss") == np.inf
        # Moments of failed steps would spoil all training that continues here.
        if diverged:
            moments = Initial(params).moments(self.job.recipe)
        elif losses and step == first:
            moments = self.initial.moments(self.job.recipe)
        return Result(
            params=params,
            optimizer_state=moments,
            step=int(state.step),
            history=history,
            validation_losses=np.asarray([evaluated for _, evaluated, _ in self.records]),
            n_epochs=n_epochs,
            best_epoch=min(n_epochs, -((first - step) // self.steps_per_epoch)),
            diverged=diverged,
            interrupted=self.interrupt.is_set,
            late=self.late,
            seconds=self.seconds,
            **losses,
        )

    def _compared(self):
        """The training loss of the initial and of the present weights."""
        _, history, _ = self._send(Call.without_steps())
        final_loss = float(history.evaluated_loss[0])
        final_loss = final_loss if np.isfinite(final_loss) else np.inf
        return {"initial_loss": self.records[0][1], "final_loss": final_loss}
