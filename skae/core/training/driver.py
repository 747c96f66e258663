"""Training from the host: epochs cut into blocks, blocks sent to the compiled engine.

Values in, a new result out. Knows nothing of estimators; failure is data in the result.
"""

import time
from collections.abc import Callable

import jax
import numpy as np

from skae.core.compile.programs import compiled
from skae.core.compile.shapes import output_shapes
from skae.core.data.buffers import Buffers
from skae.core.data.resident import Resident, may_stay
from skae.core.data.samples import Samples, n_batches, steps_per_block
from skae.core.training.interrupt import Interrupt
from skae.core.training.loop import Blocks, Recipe, State, advance, metrics, trainable
from skae.core.training.plan import Call, Plan, calls, stage_of
from skae.core.training.records import (
    NO_CHECKPOINT,
    NO_LISTENER,
    Checkpoint,
    Listener,
    Progress,
    Result,
    history_of,
)
from skae.core.training.snapshot import put_back, snapshot_of, taken

__all__ = ["train"]

# a call is cut so that an interrupt, a time limit or a callback is heard within about a second
_SECONDS_PER_CALL = 0.25


def train(
    recipe: Recipe,
    params,
    samples: Samples,
    index: np.ndarray,
    weight: np.ndarray,
    plan: Plan,
    hyperparameters: dict[str, float],
    *,
    seed: np.random.SeedSequence,
    held_out: tuple[Samples, np.ndarray, np.ndarray] | None = None,
    evaluation_samples: int | None = None,
    optimizer_state: list[np.ndarray] | None = None,
    step: int = 0,
    device=None,
    listener: Listener = NO_LISTENER,
    checkpoint: Checkpoint = NO_CHECKPOINT,
) -> Result:
    """Train `params` on ``samples[index]`` and return the best (or last) weights.

    Parameters
    ----------
    recipe : Recipe
    params : nested dict of arrays
        Never changed.
    samples : Samples
    index : ndarray of shape (n,)
        The samples to train on.
    weight : ndarray of shape (samples.n_samples,)
        Mean about 1.
    plan : Plan
    hyperparameters : dict of float
        With "alpha", and what the objective needs.
    seed : numpy.random.SeedSequence
        For shuffling and for the noise of the objective.
    held_out : tuple (samples, index, weight), optional
        Evaluated before the first and after each epoch: the best weights are kept.
    evaluation_samples : int, optional
        Room for held-out samples, where it shall not depend on their number.
    optimizer_state, step : list of arrays, int
        From an earlier result, to go on.
    device : jax.Device, optional
    listener : Listener
        Called with a `Progress` after each epoch.
    checkpoint : Checkpoint
        Knows where this run stood, if it was begun before, and is told now and then.

    Returns
    -------
    result : Result
    """
    earlier = checkpoint.begin()
    if isinstance(earlier, Result):
        return earlier
    run = _Run(recipe, samples, index, weight, plan, hyperparameters, seed, device)
    run.listener, run.checkpoint = listener, checkpoint
    run.prepare(params, held_out, evaluation_samples, optimizer_state, step)
    if earlier is not None:
        put_back(earlier, run)
    with Interrupt() as run.interrupt:
        try:
            run.epochs()
        except KeyboardInterrupt:
            if run.is_lost():
                raise
            run.interrupt.heard = True
    result = run.result()
    checkpoint.end(result)
    return result


class _Run:
    """One training run: the state on the device, and the host's clock and records."""

    listener: Listener = NO_LISTENER
    checkpoint: Checkpoint = NO_CHECKPOINT

    def __init__(self, recipe, samples, index, weight, plan, hyperparameters, seed, device):
        self.recipe, self.samples, self.index, self.weight = recipe, samples, index, weight
        self.plan = plan
        self.device = device if device is not None else jax.local_devices()[0]
        self.hyperparameters = {name: np.float32(v) for name, v in hyperparameters.items()}
        shuffle_seed, noise_seed = seed.spawn(2)
        self.rng = np.random.default_rng(shuffle_seed)
        self.key_data = noise_seed.generate_state(2, np.uint32)
        self.steps_per_epoch = n_batches(len(index), plan.batch_size)
        if may_stay(samples, len(index), self.device):
            self.buffers: Buffers = Resident(samples, index, plan.batch_size, self.device)
        else:
            capacity = steps_per_block(plan.batch_size, samples.n_features)
            self.buffers = Buffers(samples, plan.batch_size, capacity)
        self.capacity = self.buffers.capacity
        self.steps_per_call = min(8, self.capacity)
        self.program: Callable | None = None
        self.paced = self.stopped = False
        self.interrupt = Interrupt()
        self.steps_sent = 0
        self.records: list[tuple[float, float, dict]] = []
        self.seconds = {"compile": 0.0, "train": 0.0}
        self.start = self.collected = time.perf_counter()

    def prepare(self, params, held_out, room, optimizer_state, step):
        """Put state and held-out samples on the device; nothing is compiled."""
        start = self.recipe.optimizer.initial_state(trainable(params))
        if optimizer_state is not None:
            start = jax.tree.unflatten(jax.tree.structure(start), optimizer_state)
        evaluation = self._held_out_blocks(held_out, room)
        empty = Blocks(*self.buffers.filled([], self.weight), *self.samples.shift_and_scale)
        known = params, empty, self.hyperparameters
        names = sorted(output_shapes(metrics, self.recipe, known))
        zero = np.float32(0)
        state = State(
            params=params,
            optimizer_state=start,
            best_params=params,
            best_loss=np.float32(np.inf),
            best_step=np.int32(step),
            reference_loss=np.float32(np.inf),
            since_best=np.int32(0),
            step=np.int32(step),
            stopped=np.bool_(False),
            diverged=np.bool_(False),
            key_data=self.key_data,
            sums={"loss": zero, "samples": zero, "metrics": dict.fromkeys(names, zero)},
        )
        self.first_step = step
        self.state = jax.device_put(state, self.device)
        self.evaluation = jax.device_put(evaluation, self.device)
        self.units = jax.device_put(self.samples.shift_and_scale, self.device)

    def _held_out_blocks(self, held_out, room):
        samples, index, weight = held_out or (self.samples, np.zeros(0, int), np.zeros(0))
        self.n_evaluation = n_batches(len(index), self.plan.batch_size)
        if held_out is None and room is None:
            return None
        needed = n_batches(max(1, len(index), room or 0), self.plan.batch_size)
        # a power of two: folds of nearly the same size share a program
        capacity = 1 << (needed - 1).bit_length()
        blocks = samples.batches(index, weight, self.plan.batch_size, capacity)
        return Blocks(*(*blocks, None), *samples.shift_and_scale)

    def epochs(self):
        """Run the plan, one call in flight while the next block is read."""
        if self.n_evaluation and not self.records:
            self._collect(self._send(Call([], [0], [True])))
        waiting = None
        for call in self._calls():
            if self.stopped:
                break
            sent = self._send(call)
            if waiting is not None:
                self._collect(waiting)
            waiting = sent
            if self._must_hear_of(call):
                self._collect(waiting)
                waiting = None
                if self.checkpoint.is_due():
                    self.checkpoint.keep(snapshot_of(self))
            is_late = time.perf_counter() - self.start > self.plan.max_time
            if self.stopped or self.interrupt.heard or is_late:
                break
        if waiting is not None:
            self._collect(waiting)
        if self.interrupt.heard:
            self.checkpoint.keep(snapshot_of(self))

    def _must_hear_of(self, call):
        """Whether to wait for this call: a listener may, and the first call sets the pace."""
        is_heard = self.listener.is_awaited and call.evaluate[-1]
        return is_heard or self.checkpoint.is_due() or not self.paced

    def _calls(self):
        return calls(
            self.plan,
            self.index,
            self.rng,
            lambda: self.steps_per_call,
            self.listener.is_awaited,
            self.steps_sent,
        )

    def _send(self, call):
        """Start a call; returns what `_collect` waits for."""
        block, stage = self._block(call), self._stage(call)
        args = (self.state, block, self.evaluation, stage, self.hyperparameters)
        if self.program is None:
            # weights, moments and the best weights once, not twice
            program, seconds = compiled(advance, self.recipe, args, donated=(0,))
            self.program, self.seconds["compile"] = program, seconds
        begin = time.perf_counter()
        self.state, history = self.program(*args)
        return call, history, begin

    def is_lost(self):
        """Whether an exception came between a call, which takes the state, and its answer."""
        return any(leaf.is_deleted() for leaf in jax.tree.leaves(self.state))

    def _block(self, call):
        block = self.buffers.filled(call.batches, self.weight)
        return Blocks(*jax.device_put(block, self.device), *self.units)

    def _stage(self, call):
        steps = self.steps_sent + np.arange(self.capacity)
        self.steps_sent += len(call.batches)
        return stage_of(self.plan, call, steps, len(self.index), n_evaluation=self.n_evaluation)

    def _collect(self, sent):
        """Wait for a call, read its history, and report the epochs that ended in it."""
        call, history, begin = sent
        history = jax.device_get(history)
        now, before = time.perf_counter(), max(begin, self.collected)
        self.collected = now
        self._pace(len(call.batches), now - begin)
        self.stopped |= int(history.n) < len(call.ends)
        for j in np.flatnonzero(call.evaluate[: int(history.n)]):
            metrics = {name: float(m[j]) for name, m in history.metrics.items()}
            self.records.append((float(history.loss[j]), float(history.evaluation[j]), metrics))
            if call.batches:
                share = call.ends[j] / len(call.batches)
                self._report(before + share * (now - before))

    def _pace(self, steps, seconds):
        self.seconds["train"] += seconds
        if steps:
            self.paced = True
            fitting = steps * _SECONDS_PER_CALL / seconds
            self.steps_per_call = int(np.clip(fitting, 1, min(self.capacity, 8 * steps)))

    def _report(self, moment):
        """Tell the listener of the latest epoch, which ended at `moment`."""
        if self.listener.is_awaited:  # else a later call is in flight: to ask is to wait
            self.stopped |= bool(self.state.stopped)
        loss, evaluation, metrics = self.records[-1]
        held_out = {"validation_loss": evaluation} if self.n_evaluation else {}
        progress = Progress(
            epoch=len(self.records) - bool(self.n_evaluation),
            losses={"loss": loss, **held_out, **metrics},
            seconds=moment - self.start - self.seconds["compile"],
            is_last=self.stopped,
            fetch=lambda: jax.tree.map(np.array, jax.device_get(self.state.params)),
        )
        self.stopped |= bool(self.listener(progress)) and self.listener.is_awaited

    def result(self) -> Result:
        """All that was learned, on the host; nothing is left on the device."""
        state, self.state = self.state, None
        for leaf in jax.tree.leaves(state.params):
            leaf.delete()
        history = history_of(self.records, self.n_evaluation > 0)
        n_epochs = len(history["loss"])
        ends = np.arange(1, n_epochs + 1) * self.steps_per_epoch - 1
        history["learning_rate"] = self.plan.rates(ends, len(self.index)).astype(np.float64)
        params = jax.tree.map(taken, state.best_params)
        moments = [taken(leaf) for leaf in jax.tree.leaves(state.optimizer_state)]
        if state.diverged:  # those of steps that failed would spoil all that follow
            fresh = self.recipe.optimizer.initial_state(trainable(params))
            moments = [np.array(leaf) for leaf in jax.tree.leaves(fresh)]
        return Result(
            params=params,
            optimizer_state=moments,
            step=int(state.step),
            history=history,
            evaluations=np.asarray([evaluation for _, evaluation, _ in self.records]),
            n_epochs=n_epochs,
            best_epoch=round((int(state.best_step) - self.first_step) / self.steps_per_epoch),
            diverged=bool(state.diverged),
            interrupted=self.interrupt.heard,
            seconds=self.seconds,
        )
