"""The models by name. Each module has build(name), which gives the graph."""

from architectures import resnet50_v1

BUILDERS = {
    "resnet50-v1-7": resnet50_v1.build,
}
