import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EmulatorAddress,
  forgetAddress,
  runningEmulators,
  writeAddress,
} from "../../../cli/account/emulator-address";
import { olderEmulatorText } from "../../../cli/emulator/process";

const address: EmulatorAddress = {
  endpoint: "http://127.0.0.1:4566",
  account: "123456789012",
  region: "us-east-1",
  timeScale: 1,
  isolation: "none",
  pid: process.pid,
  accessKeyId: "A",
  secretAccessKey: "the secret",
};
const newFolder = () => join(mkdtempSync(join(tmpdir(), "addresses-")), "state");

describe("the file with an emulator's address and key", () => {
  let mask: number;

  beforeAll(() => {
    mask = process.umask(0);
  });
  afterAll(() => process.umask(mask));

  it.each([false, true])("can be read by its owner alone, also where it was there before (%s)", (before) => {
    const folder = newFolder();
    const file = join(folder, `${address.pid}.json`);
    if (before) {
      mkdirSync(folder);
      writeFileSync(file, "{}", { mode: 0o666 });
      writeFileSync(`${file}.${process.pid}`, "of a process that is no more", { mode: 0o666 });
    }
    writeAddress(address, folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(address);
    expect(readdirSync(folder)).toEqual([`${address.pid}.json`]);
  });
});

describe("several emulators", () => {
  const first = address;
  const second = { ...address, endpoint: "http://127.0.0.1:4567", pid: process.ppid };
  let folder: string;

  beforeEach(() => {
    folder = newFolder();
    writeAddress(first, folder);
    utimesSync(join(folder, `${first.pid}.json`), 1, 1);
    writeAddress(second, folder);
  });

  it("are found in the order of their start, and the next one is first when the first stops", () => {
    expect(runningEmulators(folder)).toEqual([first, second]);
    forgetAddress(first, folder);
    expect(runningEmulators(folder)).toEqual([second]);
    forgetAddress(second, folder);
    expect(runningEmulators(folder)).toEqual([]);
  });

  it("are those that still run, and the files of others go", () => {
    // Linux has no process with such a number.
    const ended = { ...address, pid: 2 ** 22 + 1 };
    writeAddress(ended, folder);
    expect(runningEmulators(folder)).toEqual([first, second]);
    writeAddress(second, folder);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("say which one local means", () => {
    const running = runningEmulators(folder);
    expect(olderEmulatorText(first, running)).toBeUndefined();
    expect(olderEmulatorText(second, running)).toContain(
      "Another emulator is up at http://127.0.0.1:4566: commands with `local` use that one",
    );
  });
});
