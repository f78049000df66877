import { testReadme } from '@flowfield/testing';

// The README of the house stands outside all packages; its example runs where every package can be found.
testReadme(new URL('../../../README.md', import.meta.url), new URL('..', import.meta.url));
