"""The problems of the bench in PyTorch, eager, with its own optimizers."""
import torch
from torch.nn import functional as F


def open_library(threads):
    torch.set_num_threads(threads)
    return torch.__version__.split("+")[0]


class Job:
    def __init__(self, step, parameters=()):
        self.step, self.parameters, self.result = step, parameters, None

    def run(self):
        self.result = self.step()

    def wait(self):
        pass

    def outputs(self):
        return [each.detach().contiguous().numpy() for each in (self.result, *self.parameters)]


def start(problem, arranged):
    return {"training": training, "product": product, "map": mapping, "sampling": sampling}[problem["kind"]](problem, arranged)


def training(problem, arranged):
    parameters = [torch.from_numpy(p).requires_grad_() for p in problem["parameters"]]
    data = [torch.from_numpy(d) for d in problem["data"]]
    loss_of = MODELS[problem["model"]](problem["sizes"])
    named = arranged(problem["structure"], parameters)
    if problem["optimizer"] == "adam":
        optimizer = torch.optim.Adam(parameters, lr=problem["rate"], fused=True)
    else:
        optimizer = torch.optim.SGD(parameters, lr=problem["rate"])

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(named, *data)
        loss.backward()
        optimizer.step()
        return loss

    return Job(step, parameters)


def computing(f, *operands):
    tensors = [torch.from_numpy(x) for x in operands]

    @torch.inference_mode()
    def step():
        return f(*tensors)

    return Job(step)


def product(problem, _):
    form = problem["form"]
    f = lambda a, b: (a.T if form == "Aᵀ·B" else a) @ (b.T if form == "A·Bᵀ" else b)
    return computing(f, problem["a"], problem["b"])


def mapping(problem, _):
    functions = {
        "tanh": torch.tanh,
        "exp": torch.exp,
        "sin": torch.sin,
        "log": torch.log,
        "softplus": F.softplus,
        "softmax": lambda x: torch.softmax(x, -1),
        "sum": torch.sum,
    }
    return computing(functions[problem["name"]], problem["x"])


def sampling(problem, _):
    steps = problem["steps"]
    h = 1 / steps

    def integrate(x, *flat):
        layers = list(zip(flat[::2], flat[1::2]))
        field = lambda x, t: perceptron(layers, torch.cat([x, torch.full((len(x), 1), t)], 1), torch.tanh)
        for step in range(steps):
            t = step * h
            middle = x + field(x, t) * (h / 2)
            x = x + field(middle, t + h / 2) * h
        return x

    return computing(integrate, problem["start"], *problem["parameters"])


def perceptron(layers, x, activation):
    """One call a layer, and the fused product with its bias where there are two axes."""
    affine = lambda x, weight, bias: torch.addmm(bias, x, weight) if x.dim() == 2 else x @ weight + bias
    for weight, bias in layers[:-1]:
        x = activation(affine(x, weight, bias))
    return affine(x, *layers[-1])


def activation_of(sizes):
    return torch.tanh if sizes["activation"] == "tanh" else F.softplus


def regression(sizes):
    f = activation_of(sizes)
    return lambda layers, x, y: (perceptron(layers, x, f) - y).square().mean()


def eikonal(sizes):
    f = activation_of(sizes)

    def loss(layers, x):
        at = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(perceptron(layers, at, f).sum(), at, create_graph=True)
        return (slope.square().sum(1).sqrt() - 1).square().mean()

    return loss


def divergence(sizes):
    f = activation_of(sizes)

    def loss(layers, x):
        total = 0
        for axis in range(layers[-1][1].shape[0]):
            along = torch.eye(x.shape[1])[axis].expand_as(x)
            total = total + torch.func.jvp(lambda at: perceptron(layers, at, f), (x,), (along,))[1][:, axis]
        return total.square().mean()

    return loss


def flow_matching(sizes):
    f = activation_of(sizes)

    def loss(layers, x0, x1, t):
        at = torch.cat([(1 - t) * x0 + t * x1, t], 1)
        return (perceptron(layers, at, f) - (x1 - x0)).square().mean()

    return loss


def graph_block(sizes):
    def loss(layers, x):
        left = torch.tanh(perceptron(layers[:2], x, torch.tanh))
        right = torch.tanh(perceptron(layers[2:4], x, torch.tanh))
        multiplied = torch.einsum("bikc,bkjc->bijc", left, right) / x.shape[1]
        return perceptron(layers[4:], torch.cat([x, multiplied], -1), torch.tanh).square().mean()

    return loss


def unet(sizes):
    groups = sizes["groups"]
    convolution = lambda p, x, stride=1: F.conv2d(x, p["weight"], p["bias"], stride, p["weight"].shape[-1] // 2)
    normal = lambda p, x: F.group_norm(x, groups, p["weight"], p["bias"])

    def block(p, x):
        h = convolution(p["convs"][0], F.silu(normal(p["norms"][0], x)))
        h = convolution(p["convs"][1], F.silu(normal(p["norms"][1], h)))
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
            doubled = F.interpolate(h, scale_factor=2)[:, :, : end.shape[2], : end.shape[3]]
            h = blocks(level, torch.cat([convolution(level["resample"], doubled), end], 1))
        return convolution(p["head"], F.silu(normal(p["norm"], h)))

    return lambda p, x, y: (net(p, x) - y).square().mean()


def pooled(x):
    """The diagonal of x [batch, n, n, channels], and means along rows, along columns, of the diagonal and of all."""
    diagonal = torch.diagonal(x, dim1=1, dim2=2).transpose(1, 2)
    return diagonal, x.mean(2), x.mean(1), diagonal.mean(1), x.mean((1, 2))


def maps(x):
    """The 15 linear maps between matrices that commute with relabelling (Maron et al. 2019, appendix A), sums as means."""
    eye = torch.eye(x.shape[1])[None, :, :, None]
    diagonal, rows, columns, trace, total = pooled(x)
    down = lambda v: v[:, :, None].expand_as(x)
    across = lambda v: v[:, None].expand_as(x)
    everywhere = lambda v: v[:, None, None].expand_as(x)
    on_diagonal = lambda v: eye * v[:, :, None]
    return [
        on_diagonal(diagonal), eye * trace[:, None, None], on_diagonal(rows), on_diagonal(columns), eye * total[:, None, None],
        down(columns), down(rows), across(columns), across(rows), x, x.transpose(1, 2),
        down(diagonal), across(diagonal), everywhere(trace), everywhere(total),
    ]


def invariant(sizes):
    def layer(p, x):
        eye = torch.eye(x.shape[1])[None, :, :, None]
        y = torch.cat(maps(x), -1) @ p["weight"].flatten(0, 1)
        return y + p["bias"][0] + p["bias"][1] * eye

    def loss(layers, x, y):
        for p in layers[:2]:
            x = torch.relu(layer(p, x))
        _, _, _, trace, total = pooled(x)
        p = layers[2]
        return (trace @ p["weight"][0] + total @ p["weight"][1] + p["bias"][0] - y).square().mean()

    return loss


def messages(sizes):
    linear = lambda p, x: torch.addmm(p["bias"], x, p["weight"])
    pair = lambda two, x: linear(two[1], F.silu(linear(two[0], x)))

    def loss(p, x, y, sources, targets):
        h = linear(p["input"], x)
        for each in p["layers"]:
            weight, width = each["edge"][0]["weight"], h.shape[-1]
            # The first layer acts on both ends apart, before their features are brought to the arcs.
            receiving = (h @ weight[:width]).index_select(0, targets)
            sending = (h @ weight[width:]).index_select(0, sources)
            sent = F.silu(linear(each["edge"][1], F.silu(receiving + sending + each["edge"][0]["bias"])))
            total = torch.zeros_like(h).index_add(0, targets, sent)
            h = h + pair(each["node"], torch.cat([h, total], -1))
        return (pair(p["output"], h) - y).square().mean()

    return loss


def skip_net(sizes):
    beta, at = sizes["beta"], sizes["depth"] // 2

    def net(p, x):
        h = x
        for i, layer in enumerate(p["layers"]):
            if i == at:
                h = torch.cat([h, x], -1) / 2**0.5
            h = torch.addmm(layer["bias"], h, layer["weight"])
            if i + 1 < len(p["layers"]):
                h = F.softplus(h, beta=beta)
        return h

    def loss(p, on_surface, anywhere):
        at = anywhere.detach().requires_grad_()
        (slope,) = torch.autograd.grad(net(p, at).sum(), at, create_graph=True)
        unit = (slope.square().sum(1).sqrt() - 1).square().mean()
        return net(p, on_surface).square().mean() + 0.1 * unit

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
