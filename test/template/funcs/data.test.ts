import { testGolden } from '../rendering.ts';

testGolden('data');
