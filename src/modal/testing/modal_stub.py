"""The part of Modal's Python client (1.5.4) that deploy/modal/app.py uses, checked by signature; runs a function here.

    modal_stub.py APP_FILE FUNCTION ARGUMENTS_AS_JSON     calls it, as a container does
    modal_stub.py APP_FILE                                prints how each function was declared, as JSON
"""

import importlib.util
import inspect
import json
import os
import signal
import sys
import types

modal = types.ModuleType("modal")
functions = {}


class Image:
    def __init__(self, steps):
        self.steps = steps

    def _with(self, *step):
        return Image([*self.steps, [str(part) for part in step]])

    @staticmethod
    def from_registry(tag, secret=None, *, setup_dockerfile_commands=[], force_build=False, add_python=None):
        return Image([["from", tag]])

    def add_local_file(self, local_path, remote_path, *, copy=False):
        return self._with("add_local_file", local_path, remote_path, copy)

    def run_commands(self, *commands, env=None, secrets=None, volumes=None, gpu=None, force_build=False):
        return self._with("run", *commands, *(f"volume at {path}" for path in volumes or {}))

    def env(self, vars):
        return self._with("env", json.dumps(vars))

    def workdir(self, path):
        return self._with("workdir", path)


class Volume:
    def __init__(self, name, version=None, read_only=False):
        self.name, self.version, self.read_only, self.commits = name, version, read_only, 0

    @staticmethod
    def from_name(name, *, create_if_missing=False, version=None, environment_name=None):
        return Volume(name, version)

    def with_mount_options(self, *, read_only=False, sub_path=None):
        return Volume(self.name, self.version, read_only)

    def commit(self):
        self.commits += 1


class CloudBucketMount:
    def __init__(self, bucket_name, bucket_endpoint_url=None, key_prefix=None, secret=None, oidc_auth_role_arn=None, read_only=False, force_path_style=False):
        if key_prefix is not None and not key_prefix.endswith("/"):
            raise ValueError("key_prefix will be prefixed to all object paths, so it must end in a '/'")
        self.name, self.read_only, self.key_prefix = bucket_name, read_only, key_prefix


class Secret:
    @staticmethod
    def from_name(name, *, environment_name=None, required_keys=[]):
        return {"secret": name}


class Retries:
    def __init__(self, *, max_retries, backoff_coefficient=2.0, initial_delay=1.0, max_delay=60.0):
        if not 0 <= max_retries <= 10 or not 1 <= backoff_coefficient <= 10 or not 0 <= initial_delay <= 60:
            raise ValueError("out of Modal's bounds")
        self.max_retries = max_retries


class App:
    def __init__(self, name=None):
        self.name = name

    def function(self, *, image=None, env=None, secrets=(), gpu=None, volumes={}, cpu=None, memory=None, ephemeral_disk=None, max_containers=None, retries=None, timeout=300, startup_timeout=None, single_use_containers=False, nonpreemptible=False, region=None, schedule=None):
        declared = {
            "gpu": gpu,
            "cpu": cpu,
            "memory": memory,
            "timeout": timeout,
            "retries": None if retries is None else retries.max_retries,
            "volumes": {path: [volume.name, volume.read_only] for path, volume in volumes.items()},
            "image": image.steps,
            "secrets": list(secrets),
        }

        def wrap(function):
            for name, parameter in inspect.signature(function).parameters.items():
                if parameter.annotation is not str:
                    raise TypeError(f"{function.__name__}: flags arrive as strings, {name} does not")
            functions[function.__name__] = (function, declared)
            return function

        return wrap


for each in (Image, Volume, CloudBucketMount, Secret, Retries, App):
    setattr(modal, each.__name__, each)
modal.is_local = lambda: len(sys.argv) == 2
modal.current_function_call_id = lambda: os.environ.get("STAND_IN_CALL", "fc-none")
sys.modules["modal"] = modal



class InputCancellation(BaseException):
    """What Modal raises in a function whose call is cancelled; no Exception, so that retries do not catch it."""


def cancel(*_):
    raise InputCancellation("Input was cancelled by user")


signal.signal(signal.SIGUSR1, cancel)
spec = importlib.util.spec_from_file_location("app", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
if len(sys.argv) == 2:
    print(json.dumps({name: declared for name, (_, declared) in functions.items()}))
else:
    function, _ = functions[sys.argv[2]]
    print("returned", function(**json.loads(sys.argv[3])))
