"""The installed botocore's model of Bedrock Runtime, read from its data files alone: no session, no configuration."""

from __future__ import annotations

import functools

from botocore.loaders import create_loader
from botocore.model import ServiceModel, StructureShape

SERVICE = "bedrock-runtime"


@functools.cache
def service_model() -> ServiceModel:
    """The model of the service whose API the stand-in speaks."""
    return ServiceModel(create_loader().load_service_model(SERVICE, "service-2"), SERVICE)


@functools.cache
def converse_input() -> StructureShape:
    """What a Converse request must look like, the model id included."""
    shape = service_model().operation_model("Converse").input_shape
    assert isinstance(shape, StructureShape)
    return shape


@functools.cache
def error_statuses() -> dict[str, int]:
    """The HTTP status of every error that the service model knows, by error code."""
    return {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in service_model().error_shapes}
