"""The models by name. Each module has build(name), which gives the graph."""

from architectures import (
    bertsquad,
    efficientnet_lite4,
    mobilenetv2,
    mosaic,
    resnet50_v1,
    shufflenet_v2,
    super_resolution,
    yolov4,
)

BUILDERS = {
    "bertsquad-10": bertsquad.build,
    "efficientnet-lite4-11": efficientnet_lite4.build,
    "mobilenetv2-10": mobilenetv2.build,
    "mosaic-9": mosaic.build,
    "resnet50-v1-7": resnet50_v1.build,
    "shufflenet-v2-10": shufflenet_v2.build,
    "super-resolution-10": super_resolution.build,
    "yolov4": yolov4.build,
}
