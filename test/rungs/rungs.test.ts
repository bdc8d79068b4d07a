import { everyTime } from './agreeing-cases.js';
import { doctors } from './doctor.js';
import { escapes } from './escapes.js';
import { agreement, onEveryRung } from './on-every-rung.js';

onEveryRung('on every rung of privilege', [...agreement(everyTime), ...doctors, ...escapes]);
