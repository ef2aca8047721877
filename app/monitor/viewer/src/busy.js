// How many answers are still waited for, on the body where a screenshot and a test find it.
let waiting = 0;

export async function whileBusy(work) {
  document.body.dataset.busy = waiting += 1;
  try {
    return await work();
  } finally {
    document.body.dataset.busy = waiting -= 1;
  }
}
