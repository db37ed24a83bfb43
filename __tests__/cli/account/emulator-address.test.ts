import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAddress } from "../../../cli/account/emulator-address";

describe("the file with the emulator's address and key", () => {
  const address = {
    endpoint: "http://127.0.0.1:4566",
    account: "123456789012",
    region: "us-east-1",
    timeScale: 1,
    isolation: "none",
    pid: 1,
    accessKeyId: "A",
    secretAccessKey: "the secret",
  };
  let mask: number;

  beforeAll(() => {
    mask = process.umask(0);
  });
  afterAll(() => process.umask(mask));

  it.each([false, true])("can be read by its owner alone, also where it was there before (%s)", (before) => {
    const folder = join(mkdtempSync(join(tmpdir(), "address-")), "state");
    const file = join(folder, "address.json");
    if (before) {
      mkdirSync(folder);
      writeFileSync(file, "{}", { mode: 0o666 });
      writeFileSync(`${file}.${process.pid}`, "of a process that is no more", { mode: 0o666 });
    }
    writeAddress(address, file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(address);
    expect(readdirSync(folder)).toEqual(["address.json"]);
  });
});
