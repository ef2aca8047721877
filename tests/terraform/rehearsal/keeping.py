"""The middle chapters: drift made by hand, the state's lock, and all that is lost brought back."""

import re
import subprocess

from tests.harness.errors import ScenarioError
from tests.harness.steps import StepPrinter
from tests.patience import wait_until
from tests.terraform.rehearsal.learning import Learning, lose_and_restore
from tests.terraform.rehearsal.making import expect
from tests.terraform.rehearsal.world import CLUSTER, CODE_CHANGES, ENVIRONMENT, World

STATE_KEY = f"eks/{ENVIRONMENT}/terraform.tfstate"
ADDON = "vpc-cni"
OUTCOMES = 20


def drift(world: World, steps: StepPrinter) -> None:
    """Three changes past Terraform: each must be named by the plan, and mended by an apply."""
    bucket = world.read_output("mlflow_bucket")
    world.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    keys = world.client("kms")
    alias = next(one for one in keys.list_aliases()["Aliases"] if one["AliasName"] == f"alias/{CLUSTER}-data")
    keys.disable_key_rotation(KeyId=alias["TargetKeyId"])
    world.client("eks").delete_addon(clusterName=CLUSTER, addonName=ADDON)
    plan = world.plan(CODE_CHANGES)
    named = re.findall(r"# (\S+) (?:will be|must be|has been)", plan)
    wanted = ("module.mlflow.aws_s3_bucket_versioning.this", "aws_kms_key.data", "aws_eks_addon")
    missing = [one for one in wanted if not any(name.startswith(one) for name in named)]
    expect(not missing, f"the plan does not name {', '.join(missing)}, only {', '.join(named)}")
    steps.add("drift by hand, named by the plan", ", ".join(dict.fromkeys(named)))
    done = world.apply()
    world.plan()
    steps.add("mended by an apply, second plan clean", done)


def hold_lock(world: World, steps: StepPrinter) -> None:
    """A run that waits for a person's yes holds the lock; killed, it leaves the lock behind."""
    bucket = backend_bucket(world)
    command = [world.terraform.program, f"-chdir={world.root}", "apply", *world.options, "-var=budget_monthly=401"]
    environment = {**world.terraform.environment, "TF_INPUT": "1"}
    with (world.folder / "log" / "waiting").open("wb") as log:
        waiting = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        wait_until(lambda: has_object(world, bucket, f"{STATE_KEY}.tflock"), "the lock")
        refused = world.run("apply", "-auto-approve", "-input=false", *world.options, expected=(1,))
        expect("Error acquiring the state lock" in refused, f"a second apply: {refused[-300:]}")
        steps.add("a second apply while one runs", "refused: Error acquiring the state lock")
    finally:
        waiting.kill()
        waiting.wait()
    done = world.destroy()
    plain = world.run("plan", "-input=false", *world.options, expected=(1,))
    found = re.search(r"ID:\s+([0-9a-f-]{36})", plain)
    expect(found is not None, f"a plan after a killed apply: {plain[-300:]}")
    lock = found[1] if found else ""
    expect(
        done.code == 1, f"cloud-destroy beside a lock: {done.last}"
    )  # protected, and that is looked up without a lock
    world.run("force-unlock", "-force", lock)
    world.plan()
    steps.add("the lock of a killed apply", f"named, removed by terraform force-unlock {lock}; plan clean")


def restore(world: World, steps: StepPrinter) -> None:
    """Terraform's state and a bundle deleted, both brought back from the versions of their buckets."""
    bundles, state = world.read_output("bundles_bucket"), backend_bucket(world)
    s3 = world.client("s3")
    content = (world.root / "guard.tf").read_bytes()
    s3.put_object(Bucket=bundles, Key="bundles/one/bundle.json", Body=content)
    s3.delete_object(Bucket=bundles, Key="bundles/one/bundle.json")
    s3.delete_object(Bucket=state, Key=STATE_KEY)
    lost = world.run("plan", "-input=false", *world.options)
    expect(" to add, 0 to change, 0 to destroy" in lost, f"without a state: {lost[-300:]}")
    steps.add("Terraform's state and a bundle deleted", "a plan would make everything anew")
    for bucket, key in ((state, STATE_KEY), (bundles, "bundles/one/bundle.json")):
        undelete(world, bucket, key)
    world.plan()
    expect(s3.get_object(Bucket=bundles, Key="bundles/one/bundle.json")["Body"].read() == content, "another bundle")
    s3.delete_object(Bucket=bundles, Key="bundles/one/bundle.json")
    steps.add("both restored from their buckets' versions", "plan clean, the bundle's bytes the same")


def restore_learning(world: World, steps: StepPrinter) -> None:
    """MLflow and the outcomes, from an archive in the bucket of MLflow's artifacts."""
    learning = Learning(world.folder / "learning")
    learning.begin(b'{"name": "ai4i"}', OUTCOMES)
    done = lose_and_restore(learning, world.client("s3"), world.read_output("mlflow_bucket"), OUTCOMES)
    steps.add("MLflow and the outcomes lost and restored", done)


def undelete(world: World, bucket: str, key: str) -> None:
    """As docs/operate.md has it: the mark of the deletion is deleted."""
    s3 = world.client("s3")
    marks = s3.list_object_versions(Bucket=bucket, Prefix=key).get("DeleteMarkers", [])
    latest = [one for one in marks if one["Key"] == key and one["IsLatest"]]
    if not latest:
        raise ScenarioError(f"{bucket}/{key} has no mark of a deletion, expected one: is the bucket versioned?")
    s3.delete_object(Bucket=bucket, Key=key, VersionId=latest[0]["VersionId"])


def backend_bucket(world: World) -> str:
    return world.run("output", "-raw", "bucket", root=world.folder / "terraform" / "state" / "eks").strip()


def has_object(world: World, bucket: str, key: str) -> bool:
    found = world.client("s3").list_objects_v2(Bucket=bucket, Prefix=key)
    return any(one["Key"] == key for one in found.get("Contents", ()))
