/** The command line: main.ts checks the Node, program.ts lists the commands, one file each. Nothing imports it. */
export { createProgram, runProgram } from './program.ts';
