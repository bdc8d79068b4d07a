import { more } from './agreeing-cases.js';
import { agreement, onEveryRung } from './on-every-rung.js';

onEveryRung('on every rung of privilege, more of them', [...agreement(more)]);
