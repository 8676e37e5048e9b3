/** After the last test. */
export default function teardown() {
  globalThis.removeTempFolder();
}
