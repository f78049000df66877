"""The problems of the bench in JAX: one jitted step that donates what changes, one jitted function."""
import jax
import jax.numpy as jnp
import numpy as np


def open_library(threads):
    return jax.__version__


class Job:
    """f(*state, *fixed) -> (new state, result); the state is donated."""

    def __init__(self, f, state, fixed):
        self.f, self.state, self.fixed, self.result = f, state, fixed, None

    def run(self):
        self.state, self.result = self.f(self.state, self.fixed)

    def wait(self):
        jax.block_until_ready((self.state, self.result))

    def outputs(self):
        parameters = self.state["parameters"] if self.state else []
        return [np.asarray(self.result), *(np.asarray(p) for p in parameters)]


def start(problem, arranged):
    return {"training": training, "product": product, "map": mapping, "sampling": sampling}[problem["kind"]](problem, arranged)


def training(problem, arranged):
    loss_of = MODELS[problem["model"]](problem["sizes"])
    rate, adam = problem["rate"], problem["optimizer"] == "adam"

    def step(state, data):
        loss = lambda parameters: loss_of(arranged(problem["structure"], parameters), *data)
        value, gradient = jax.value_and_grad(loss)(state["parameters"])
        if not adam:
            return {"parameters": [p - rate * g for p, g in zip(state["parameters"], gradient)]}, value
        count = state["count"] + 1
        mean = [0.9 * m + 0.1 * g for m, g in zip(state["mean"], gradient)]
        square = [0.999 * s + 0.001 * g * g for s, g in zip(state["square"], gradient)]
        fix = jnp.sqrt(1 - 0.999**count)
        parameters = [
            p - rate / (1 - 0.9**count) * m / (jnp.sqrt(s) / fix + 1e-8)
            for p, m, s in zip(state["parameters"], mean, square)
        ]
        return {"parameters": parameters, "mean": mean, "square": square, "count": count}, value

    parameters = [jnp.asarray(p) for p in problem["parameters"]]
    state = {"parameters": parameters}
    if adam:
        zeros = lambda: [jnp.zeros_like(p) for p in parameters]
        state |= {"mean": zeros(), "square": zeros(), "count": jnp.float32(0)}
    return Job(jax.jit(step, donate_argnums=0), state, [jnp.asarray(d) for d in problem["data"]])


def computing(f, *operands):
    return Job(jax.jit(lambda _, fixed: (None, f(*fixed))), None, [jnp.asarray(x) for x in operands])


def product(problem, _):
    form = problem["form"]
    f = lambda a, b: (a.T if form == "Aᵀ·B" else a) @ (b.T if form == "A·Bᵀ" else b)
    return computing(f, problem["a"], problem["b"])


def mapping(problem, _):
    functions = {
        "tanh": jnp.tanh,
        "exp": jnp.exp,
        "sin": jnp.sin,
        "log": jnp.log,
        "softplus": jax.nn.softplus,
        "softmax": lambda x: jax.nn.softmax(x, axis=-1),
        "sum": jnp.sum,
    }
    return computing(functions[problem["name"]], problem["x"])


def sampling(problem, _):
    steps, start_points = problem["steps"], problem["start"]
    h = 1 / steps

    def integrate(x0, *flat):
        layers = list(zip(flat[::2], flat[1::2]))
        count = x0.shape[0]
        field = lambda x, t: perceptron(layers, jnp.concatenate([x, jnp.full((count, 1), t)], 1), jnp.tanh)

        def body(carry, _):
            x, t = carry
            middle = x + field(x, t) * (h / 2)
            return (x + field(middle, t + h / 2) * h, t + h), None

        return jax.lax.scan(body, (x0, jnp.float32(0)), None, length=steps)[0][0]

    return computing(integrate, start_points, *problem["parameters"])


def perceptron(layers, x, activation):
    for weight, bias in layers[:-1]:
        x = activation(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def activation_of(sizes):
    return jnp.tanh if sizes["activation"] == "tanh" else jax.nn.softplus


def regression(sizes):
    f = activation_of(sizes)
    return lambda layers, x, y: jnp.mean((perceptron(layers, x, f) - y) ** 2)


def eikonal(sizes):
    f = activation_of(sizes)

    def loss(layers, x):
        slope = jax.grad(lambda at: perceptron(layers, at, f).sum())(x)
        return jnp.mean((jnp.sqrt(jnp.sum(slope**2, 1)) - 1) ** 2)

    return loss


def divergence(sizes):
    f = activation_of(sizes)

    def loss(layers, x):
        total = 0
        for axis in range(layers[-1][1].shape[0]):
            along = jnp.zeros_like(x).at[:, axis].set(1)
            total += jax.jvp(lambda at: perceptron(layers, at, f), (x,), (along,))[1][:, axis]
        return jnp.mean(total**2)

    return loss


def flow_matching(sizes):
    f = activation_of(sizes)

    def loss(layers, x0, x1, t):
        at = jnp.concatenate([(1 - t) * x0 + t * x1, t], 1)
        return jnp.mean((perceptron(layers, at, f) - (x1 - x0)) ** 2)

    return loss


def graph_block(sizes):
    def loss(layers, x):
        left = jnp.tanh(perceptron(layers[:2], x, jnp.tanh))
        right = jnp.tanh(perceptron(layers[2:4], x, jnp.tanh))
        multiplied = jnp.einsum("bikc,bkjc->bijc", left, right) / x.shape[1]
        return jnp.mean(perceptron(layers[4:], jnp.concatenate([x, multiplied], -1), jnp.tanh) ** 2)

    return loss


def convolution(p, x, stride=1):
    padding = p["weight"].shape[-1] // 2
    y = jax.lax.conv_general_dilated(x, p["weight"], (stride, stride), [(padding, padding)] * 2)
    return y + p["bias"][:, None, None]


def group_norm(p, x, groups):
    n, c, h, w = x.shape
    grouped = x.reshape(n, groups, -1)
    centered = grouped - grouped.mean(-1, keepdims=True)
    normal = centered * jax.lax.rsqrt((centered**2).mean(-1, keepdims=True) + 1e-5)
    return normal.reshape(x.shape) * p["weight"][:, None, None] + p["bias"][:, None, None]


def unet(sizes):
    groups = sizes["groups"]

    def block(p, x):
        h = convolution(p["convs"][0], jax.nn.silu(group_norm(p["norms"][0], x, groups)))
        h = convolution(p["convs"][1], jax.nn.silu(group_norm(p["norms"][1], h, groups)))
        return (convolution(p["skip"], x) if "skip" in p else x) + h

    def blocks(p, x):
        for each in p["blocks"]:
            x = block(each, x)
        return x

    def net(p, x):
        h, ends = convolution(p["stem"], x), []
        for level in p["down"]:
            h = blocks(level, h)
            if "resample" in level:
                ends.append(h)
                h = convolution(level["resample"], h, 2)
        h = blocks(p["middle"], h)
        for level, end in zip(reversed(p["up"]), reversed(ends)):
            doubled = jnp.repeat(jnp.repeat(h, 2, 2), 2, 3)[:, :, : end.shape[2], : end.shape[3]]
            h = blocks(level, jnp.concatenate([convolution(level["resample"], doubled), end], 1))
        return convolution(p["head"], jax.nn.silu(group_norm(p["norm"], h, groups)))

    return lambda p, x, y: jnp.mean((net(p, x) - y) ** 2)


def pooled(x):
    """The diagonal of x [batch, n, n, channels], and means along rows, along columns, of the diagonal and of all."""
    diagonal = jnp.swapaxes(jnp.diagonal(x, axis1=1, axis2=2), 1, 2)
    return diagonal, x.mean(2), x.mean(1), diagonal.mean(1), x.mean((1, 2))


def maps(x):
    """The 15 linear maps between matrices that commute with relabelling (Maron et al. 2019, appendix A), sums as means."""
    eye = jnp.eye(x.shape[1])[None, :, :, None]
    diagonal, rows, columns, trace, total = pooled(x)
    down = lambda v: jnp.broadcast_to(v[:, :, None], x.shape)
    across = lambda v: jnp.broadcast_to(v[:, None], x.shape)
    everywhere = lambda v: jnp.broadcast_to(v[:, None, None], x.shape)
    on_diagonal = lambda v: eye * v[:, :, None]
    return [
        on_diagonal(diagonal), eye * trace[:, None, None], on_diagonal(rows), on_diagonal(columns), eye * total[:, None, None],
        down(columns), down(rows), across(columns), across(rows), x, jnp.swapaxes(x, 1, 2),
        down(diagonal), across(diagonal), everywhere(trace), everywhere(total),
    ]


def invariant(sizes):
    def layer(p, x):
        eye = jnp.eye(x.shape[1])[None, :, :, None]
        y = jnp.concatenate(maps(x), -1) @ p["weight"].reshape(-1, p["weight"].shape[-1])
        return y + p["bias"][0] + p["bias"][1] * eye

    def loss(layers, x, y):
        for p in layers[:2]:
            x = jax.nn.relu(layer(p, x))
        _, _, _, trace, total = pooled(x)
        p = layers[2]
        return jnp.mean((trace @ p["weight"][0] + total @ p["weight"][1] + p["bias"][0] - y) ** 2)

    return loss


def messages(sizes):
    linear = lambda p, x: x @ p["weight"] + p["bias"]
    pair = lambda two, x: linear(two[1], jax.nn.silu(linear(two[0], x)))

    def loss(p, x, y, sources, targets):
        h = linear(p["input"], x)
        for each in p["layers"]:
            weight, width = each["edge"][0]["weight"], h.shape[-1]
            # The first layer acts on both ends apart, before their features are brought to the arcs.
            hidden = jax.nn.silu((h @ weight[:width])[targets] + (h @ weight[width:])[sources] + each["edge"][0]["bias"])
            sent = jax.nn.silu(linear(each["edge"][1], hidden))
            total = jax.ops.segment_sum(sent, targets, num_segments=x.shape[0])
            h = h + pair(each["node"], jnp.concatenate([h, total], -1))
        return jnp.mean((pair(p["output"], h) - y) ** 2)

    return loss


def skip_net(sizes):
    beta, at = sizes["beta"], sizes["depth"] // 2
    softplus = lambda x: jax.nn.softplus(beta * x) / beta

    def net(p, x):
        h = x
        for i, layer in enumerate(p["layers"]):
            if i == at:
                h = jnp.concatenate([h, x], -1) / 2**0.5
            h = h @ layer["weight"] + layer["bias"]
            if i + 1 < len(p["layers"]):
                h = softplus(h)
        return h

    def loss(p, on_surface, anywhere):
        slope = jax.grad(lambda x: net(p, x).sum())(anywhere)
        unit = jnp.mean((jnp.sqrt(jnp.sum(slope**2, 1)) - 1) ** 2)
        return jnp.mean(net(p, on_surface) ** 2) + 0.1 * unit

    return loss


MODELS = {
    "regression": regression,
    "eikonal": eikonal,
    "divergence": divergence,
    "flowMatching": flow_matching,
    "graphBlock": graph_block,
    "unet": unet,
    "invariant": invariant,
    "messages": messages,
    "skipNet": skip_net,
}
