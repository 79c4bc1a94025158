/** Entry of bin/bgb. What needs Node 24 comes after the check of it. */
const [major] = process.versions.node.split('.');
if (major !== '24') {
  process.stderr.write(
    `bgb: expected Node 24, found ${process.version}. Start bgb with bin/bgb, which brings its own; if that is how ` +
      "it was started, run 'make setup'.\n",
  );
  process.exit(2);
}
const { runProgram } = await import('./program.ts');
process.exitCode = await runProgram(process.argv.slice(2));

export {};
