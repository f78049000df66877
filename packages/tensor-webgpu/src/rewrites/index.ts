import './elementwise.ts';
import './reductions.ts';
import './views.ts';
