import { UserError } from "../lib/user-error.ts";

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const END = "\u0004";
const BACKSPACE = /[\b\u007f]/;

/** Prompts for a password without showing it. If standard input is not a terminal, reads its first line. */
export async function readPassword(): Promise<string> {
  const password = process.stdin.isTTY ? await prompt("Password: ") : firstLine(await Bun.stdin.text());
  if (password === "") throw new UserError("A password is required.");
  return password;
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0]!;

async function prompt(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  try {
    let typed = "";
    for await (const chunk of stdin) {
      for (const key of String(chunk)) {
        if (ENTER.test(key) || key === END) return typed;
        if (key === INTERRUPT) throw new UserError("Canceled. Nothing was changed.");
        typed = BACKSPACE.test(key) ? Array.from(typed).slice(0, -1).join("") : typed + key;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
