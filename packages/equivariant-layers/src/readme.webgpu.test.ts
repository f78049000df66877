import { testReadmeOnWebgpu } from '@flowfield/testing';

testReadmeOnWebgpu(new URL('../README.md', import.meta.url), new URL('..', import.meta.url));
