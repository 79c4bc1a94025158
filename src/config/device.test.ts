import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { checkDevice, resolvedDevice } from './device.ts';
import { resolveConfig } from './load.ts';

function configWith(...set: string[]) {
  return resolveConfig('{}', 'x.yaml', { set }).config;
}

test('cuda without CUDA is an error that says what to do', () => {
  const config = configWith('experiment.device=cuda');
  expect(() => checkDevice(config, { cudaAvailable: false })).toThrow(InputError);
  expect(() => checkDevice(config, { cudaAvailable: false })).toThrow('Set experiment.device to auto or cpu');
  expect(checkDevice(config, { cudaAvailable: true })).toEqual([]);
});

test('pin_memory is noticed wherever the CPU computes', () => {
  const codes = (cudaAvailable: boolean, ...set: string[]) =>
    checkDevice(configWith('data.pin_memory=true', ...set), { cudaAvailable }).map(({ code }) => code);
  expect(codes(false)).toEqual(['CONFIG_PIN_MEMORY']);
  expect(codes(true)).toEqual([]);
  expect(codes(true, 'experiment.device=cpu')).toEqual(['CONFIG_PIN_MEMORY']);
});

test('auto takes CUDA where there is one', () => {
  const config = configWith();
  expect(resolvedDevice(config, { cudaAvailable: true })).toBe('cuda');
  expect(resolvedDevice(config, { cudaAvailable: false })).toBe('cpu');
});
