/** Whether a bucket keeps versions. `hidden`: an account that may list need not be allowed to see it. */
export type Versioning = 'on' | 'off' | 'hidden' | 'unknown to the service';
