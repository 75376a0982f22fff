"""Compiles an ONNX model with Apache TVM for this machine's CPU, ahead of the measurement.

`python -m compiler` (with engines/tvm as the working folder) is what the engine starts; see
__main__.py. What comes out is a shared library that TVM's runtime alone runs.
"""
