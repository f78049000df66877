/** ln of the uniform density on the unit sphere S^2, -ln 4π = -2.5310 nats: what every model has to beat. */
export const logUniform = -Math.log(4 * Math.PI);
