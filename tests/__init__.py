"""All tests.

| room | what it holds |
|---|---|
| `patterns`, `providers`, `conformance` | the tests of each package, and the catalogue of scenarios |
| `repository` | what holds for the repository as a whole: documents, automation, packages, cassettes, tests |
| `template` | `template.yaml` against the code |
| `stand_in` | a stand-in for Bedrock, over HTTP |
| `chat_stand_in` | the same for OpenAI-compatible servers |
| `oracle` | who else plays the service, and AWS's requirements: what the simulated one is held against |
| `wire` | durable functions served over HTTP, in processes that can be killed |
| `loopback` | the HTTP server that all three are made of |
| `cassette_fixture` | the pytest plugin that records and replays cassettes |
| `histories`, `bad_histories` | golden histories, and histories that must not replay |
| `local_model` | the patterns on a real model, by `tox -e local-model`; the tests of that need none |
| `e2e`, `second_service`, `browser`, `cloud`, `guides` | run by name, each in a tox environment of its own |
"""
