"""Keras on the backend in KERAS_BACKEND, which must be set before this module is imported."""

import keras
from keras import layers, losses

LOSSES = {
    "cross_entropy": lambda: losses.BinaryCrossentropy(from_logits=True),
    "squared_error": losses.MeanSquaredError,
}


def fit(X, task, after_epoch):
    keras.utils.set_random_seed(0)
    h = inputs = keras.Input((task.layers[0],))
    linear, codes = task.linear_layers(), None
    for index, width in enumerate(task.layers[1:]):
        h = layers.Dense(width, activation=None if index in linear else "relu")(h)
        codes = h if index == linear[0] else codes
    model, encoder = keras.Model(inputs, h), keras.Model(inputs, codes)
    model.compile(optimizer=keras.optimizers.Adam(task.rate), loss=LOSSES[task.loss]())
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: after_epoch())
    model.fit(
        X, X, batch_size=task.batch, epochs=task.epochs, shuffle=True, callbacks=[clock], verbose=0
    )
    return lambda X: encoder.predict(X, batch_size=task.batch, verbose=0)
