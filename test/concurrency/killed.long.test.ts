import { killedBuilds } from './killed-builds.js';

killedBuilds(50);
