"""The rows of the GPU bench in JAX with CUDA, float32 without TF32: python jax_rows.py --out jax.json"""
import jax
import jax.numpy as jnp
from timing import arguments, measure

options = arguments("jax.json")
jax.config.update("jax_default_matmul_precision", "highest")
last = [None]


def wait():
    jax.block_until_ready(last[0])


def draw(seed, *shape):
    return jax.random.uniform(jax.random.key(seed), shape, minval=-1, maxval=1)


def layers_of(widths):
    return [(draw(2 * i, a, b) * (3 / a) ** 0.5, draw(2 * i + 1, b) * 0.1) for i, (a, b) in enumerate(zip(widths, widths[1:]))]


def perceptron(layers, x, activation):
    for weight, bias in layers[:-1]:
        x = activation(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def training(layers, data, loss):
    """Steps of Adam, jitted, with everything that changes donated."""

    def step(layers, mean, square, count, *data):
        value, gradient = jax.value_and_grad(loss)(layers, *data)
        count = count + 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        layers = jax.tree.map(lambda p, m, s: p - rate * m / (jnp.sqrt(s) + 1e-8), layers, mean, square)
        return layers, mean, square, count, value

    compiled = jax.jit(step, donate_argnums=(0, 1, 2, 3))
    zeros = lambda: jax.tree.map(jnp.zeros_like, layers)
    state = [layers, zeros(), zeros(), jnp.float32(0)]

    def run():
        *state[:], last[0] = compiled(*state, *data)

    return run


def product(form, n):
    a, b = draw(1, n, n), draw(2, n, n)
    compiled = jax.jit(lambda p, q: (p.T if form == "Aᵀ·B" else p) @ (q.T if form == "A·Bᵀ" else q))

    def run():
        last[0] = compiled(a, b)

    return run


def regression(widths, batch):
    x, y = draw(100, batch, widths[0]), draw(101, batch, 1)
    loss = lambda layers, x, y: jnp.mean((perceptron(layers, x, jnp.tanh) - y) ** 2)
    return training(layers_of(widths), (x, y), loss)


def eikonal(widths, batch):
    def loss(layers, x):
        slope = jax.grad(lambda at: perceptron(layers, at, jax.nn.softplus).sum())(x)
        return jnp.mean((jnp.sqrt(jnp.sum(slope**2, 1)) - 1) ** 2)

    return training(layers_of(widths), (draw(100, batch, widths[0]),), loss)


def divergence(widths, batch):
    x = draw(100, batch, widths[0])

    def loss(layers, x):
        total = 0
        for axis in range(widths[0]):
            along = jnp.zeros_like(x).at[:, axis].set(1)
            total += jax.jvp(lambda at: perceptron(layers, at, jnp.tanh), (x,), (along,))[1][:, axis]
        return jnp.mean(total**2)

    return training(layers_of(widths), (x,), loss)


def graph(batch, nodes, channels):
    x = draw(100, batch, nodes, nodes, channels)
    layers = [*layers_of([channels] * 3), *layers_of([channels] * 3), *layers_of([2 * channels, channels])]

    def loss(layers, x):
        left = jnp.tanh(perceptron(layers[:2], x, jnp.tanh))
        right = jnp.tanh(perceptron(layers[2:4], x, jnp.tanh))
        multiplied = jnp.einsum("bikc,bkjc->bijc", left, right) / nodes
        return jnp.mean(perceptron(layers[4:], jnp.concatenate([x, multiplied], -1), jnp.tanh) ** 2)

    return training(layers, (x,), loss)


def sampling(count, steps, width):
    layers = layers_of([3, width, width, width, 2])
    start = draw(100, count, 2)
    h = 1 / steps

    def field(layers, x, t):
        return perceptron(layers, jnp.concatenate([x, jnp.full((count, 1), t)], 1), jnp.tanh)

    def integrate(layers, x):
        def body(carry, _):
            x, t = carry
            middle = x + field(layers, x, t) * (h / 2)
            return (x + field(layers, middle, t + h / 2) * h, t + h), None

        return jax.lax.scan(body, (x, jnp.float32(0)), None, length=steps)[0][0]

    compiled = jax.jit(integrate)

    def run():
        last[0] = compiled(layers, start)

    return run


jobs = {
    "product": product,
    "regression": regression,
    "eikonal": eikonal,
    "divergence": divergence,
    "graph": graph,
    "sampling": sampling,
}
measure(options, f"JAX {jax.__version__}", str(jax.devices()[0]), jobs, wait)
