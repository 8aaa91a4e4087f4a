"""Vectors of Amazon Titan Text Embeddings.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import Asks, Json, Path, Said, at, strings
from durable_conformance.model.bedrock.reply import Reply
from durable_conformance.model.call import untagged


@dataclass(frozen=True)
class TitanEmbedding:
    """A vector for a text: the same text has the same vector, and tags in it change nothing."""

    name: str
    size: int  # unless the request says otherwise
    by_type: bool  # whether the answer has each type of vector by its name, too
    texts: tuple[Path, ...] = ()
    ids: tuple[Path, ...] = ()

    def asks(self, body: Json) -> Asks:
        """See `Dialect`."""
        return Asks(embedding=at(body, "dimensions", of=int) or self.size)

    def body(self, asked: Asked, reply: Reply) -> Json:
        """See `Dialect`."""
        vector = _vector(untagged(at(asked.body, "inputText", of=str)), asked.embedding)
        answer: Json = {"embedding": vector, "inputTextTokenCount": reply.input_tokens}
        if self.by_type:
            types = strings(at(asked.body, "embeddingTypes", of=list)) or ("float",)
            kinds = {"float": vector, "binary": [int(number > 0) for number in vector]}
            answer["embeddingsByType"] = {kind: kinds[kind] for kind in types if kind in kinds}
            if "float" not in types:
                del answer["embedding"]
        return answer

    def said(self, body: Json) -> Said | None:
        """See `Dialect`."""
        if not ({"embedding", "embeddingsByType"} & body.keys()):
            return None
        return Said((), input_tokens=at(body, "inputTextTokenCount", of=int) or None, output_tokens=0)

    def chunks(self, body: Json) -> Iterator[Json]:
        """See `Dialect`. A vector is never streamed: the request says so in `unsupported`."""
        yield body


def _vector(text: str, size: int) -> list[float]:
    """A vector of length one."""
    digits = hashlib.shake_256(text.encode(errors="surrogatepass")).digest(size)
    numbers = [digit / 127.5 - 1 for digit in digits]  # never 0: 255 is odd
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


TITAN_EMBEDDING = TitanEmbedding("titan_embedding", 1536, by_type=False)
TITAN_EMBEDDING_2 = TitanEmbedding("titan_embedding_2", 1024, by_type=True)
